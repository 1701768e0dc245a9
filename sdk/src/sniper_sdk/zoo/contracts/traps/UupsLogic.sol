// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LogicToken} from "base/LogicToken.sol";

/// A token that can be told to become another.
contract UupsLogic is LogicToken {
    address public owner;

    event Upgraded(address indexed implementation);

    function initializeOwned(string calldata name_, string calldata symbol_, uint256 supply, address owner_) external {
        require(owner == address(0), "already initialized");
        owner = owner_;
        _setUp(name_, symbol_, supply, owner_);
    }

    function proxiableUUID() public pure returns (bytes32) {
        return bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);
    }

    function upgradeToAndCall(address implementation, bytes calldata data) external payable {
        require(msg.sender == owner, "not the owner");
        bytes32 slot = proxiableUUID();
        assembly {
            sstore(slot, implementation)
        }
        emit Upgraded(implementation);
        if (data.length > 0) {
            (bool done,) = implementation.delegatecall(data);
            require(done, "failed");
        }
    }
}
