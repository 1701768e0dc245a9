// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LogicToken} from "base/LogicToken.sol";

/// Becomes a minimal proxy (EIP-1167): the constructor returns the 45 bytes of one in place of this contract's own code.
abstract contract Clone {
    constructor(address logic, string memory name_, string memory symbol_, uint256 supply) {
        (bool done,) =
            logic.delegatecall(abi.encodeCall(LogicToken.initialize, (name_, symbol_, supply, msg.sender)));
        require(done, "initialization failed");
        bytes memory code = abi.encodePacked(hex"363d3d373d3d3d363d73", logic, hex"5af43d82803e903d91602b57fd5bf3");
        assembly {
            return(add(code, 32), mload(code))
        }
    }
}
