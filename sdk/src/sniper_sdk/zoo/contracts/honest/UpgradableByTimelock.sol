// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LogicToken} from "base/LogicToken.sol";
import {Proxy} from "base/Proxy.sol";
import {Timelock} from "base/Timelock.sol";

/// Honest: a proxy that can be upgraded, two days after everyone could see it.
contract UpgradableByTimelock is Proxy {
    event Upgraded(address indexed implementation);

    constructor(string memory name_, string memory symbol_, uint256 supply) {
        address logic = address(new LogicToken());
        _put(IMPLEMENTATION_SLOT, logic);
        _put(ADMIN_SLOT, address(new Timelock(msg.sender)));
        _begin(logic, abi.encodeCall(LogicToken.initialize, (name_, symbol_, supply, msg.sender)));
    }

    function upgradeTo(address implementation) external {
        require(msg.sender == _at(ADMIN_SLOT), "not the timelock");
        _put(IMPLEMENTATION_SLOT, implementation);
        emit Upgraded(implementation);
    }
}
