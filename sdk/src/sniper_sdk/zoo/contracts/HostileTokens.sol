// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnedToken} from "OwnedToken.sol";
import {PlainToken} from "PlainToken.sol";

/// Trap: a sell burns all the gas that it is given.
contract GasBurnerToken is OwnedToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PlainToken(name_, symbol_, supply) {}

    function _move(address from, address to, uint256 amount) internal override {
        if (_isSell(from, to)) {
            assembly {
                invalid()
            }
        }
        super._move(from, to, amount);
    }
}

/// Trap: a sell moves nothing and returns three bytes, which no ABI type has; the symbol is no string either.
contract GarbageToken is OwnedToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PlainToken(name_, symbol_, supply) {}

    function symbol() public pure override returns (string memory) {
        _returnGarbage();
    }

    function _move(address from, address to, uint256 amount) internal override {
        if (_isSell(from, to)) _returnGarbage();
        super._move(from, to, amount);
    }

    function _returnGarbage() private pure {
        assembly {
            mstore(0, not(0))
            return(0, 3)
        }
    }
}

/// Trap: a sell reverts with 100,000 bytes, which whoever asks has to receive.
contract LongRevertToken is OwnedToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PlainToken(name_, symbol_, supply) {}

    function _move(address from, address to, uint256 amount) internal override {
        if (_isSell(from, to)) {
            assembly {
                revert(0, 100000)
            }
        }
        super._move(from, to, amount);
    }
}
